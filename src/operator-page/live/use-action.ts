import { useEffect, useRef, useState } from 'preact/hooks';
import { asFault, type ServiceFault } from '../service.js';

export interface Action<Answer> {
  busy: boolean;
  fault: ServiceFault | null;
  answer: Answer | null;
  /** Does it, once at a time; resolves to the answer, or to null when it failed. */
  run: (work: () => Promise<Answer>) => Promise<Answer | null>;
  clear: () => void;
}

/** Something that somebody does with one click: under way, failed, or done. */
export function useAction<Answer>(): Action<Answer> {
  const [state, setState] = useState<{ busy: boolean; fault: ServiceFault | null; answer: Answer | null }>({
    busy: false,
    fault: null,
    answer: null,
  });
  const busy = useRef(false);
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);

  return {
    ...state,
    clear: () => setState({ busy: false, fault: null, answer: null }),
    run: async (work) => {
      if (busy.current) return null;
      busy.current = true;
      setState({ busy: true, fault: null, answer: null });
      try {
        const answer = await work();
        if (!gone.current) setState({ busy: false, fault: null, answer });
        return answer;
      } catch (error) {
        const fault = asFault(error);
        if (!gone.current) setState({ busy: false, fault, answer: null });
        return null;
      } finally {
        busy.current = false;
      }
    },
  };
}
