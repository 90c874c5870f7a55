/** Why the service cannot start, for a person: the message stands alone and names the variable to look at. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
