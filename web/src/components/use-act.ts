/** Something that a button or a form has the manager do: once, however quickly it is pressed again. */
import { useMutation, type UseMutationOptions, type UseMutationResult } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

export const useAct = <T, V = void>(options: UseMutationOptions<T, Error, V>): UseMutationResult<T, Error, V> => {
  const underWay = useRef(false);
  const acting = useMutation(options);
  const { mutate, isPending, submittedAt } = acting;
  // The second half of a double click may come before it is drawn that the act goes on, or that it is done: it invited a node twice. So the
  // next one begins when what came of this one has been drawn.
  useEffect(() => {
    if (!isPending) underWay.current = false;
  }, [isPending, submittedAt]);
  const once = useCallback<typeof mutate>(
    (...given) => {
      if (underWay.current) return;
      underWay.current = true;
      mutate(...given);
    },
    [mutate],
  );
  return { ...acting, mutate: once };
};
