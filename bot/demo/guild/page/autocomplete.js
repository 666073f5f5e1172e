// Choices that the bot offers for an option while it is typed.

const DEBOUNCE_MS = 120;

export class Autocomplete {
  #timer = 0;
  #abort = null;
  /** Settles when nothing is being asked any more. */
  pending = null;

  constructor(interactions) {
    this.interactions = interactions;
  }

  /** Ask after a short pause (`soon`) or at once; only the newest question is answered, by `show(choices, problem)`. */
  ask(data, show, soon = true) {
    this.cancel();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.pending = new Promise((settle) => {
      const run = async () => {
        try {
          const choices = await this.interactions.choices(data, signal);
          if (!signal.aborted) show(choices, null);
        } catch (problem) {
          if (!signal.aborted) show([], problem.message);
        }
        if (!signal.aborted) this.pending = null;
        settle();
      };
      signal.addEventListener("abort", settle);
      if (soon) this.#timer = setTimeout(run, DEBOUNCE_MS);
      else run();
    });
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.pending = null;
  }
}
