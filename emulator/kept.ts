/** Lists and maps that forget their oldest; a benchmark's customer gets very many messages. */
const KEPT = 5000;

export function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= KEPT) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

export function keepInList<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length >= KEPT + 500) list.splice(0, list.length - KEPT);
}
