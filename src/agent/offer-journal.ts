/**
 * What the agent must not forget: offers that it has acknowledged and that the launcher may not have seen yet. Outcomes are not
 * kept here: the launcher's own journal has them until they are acknowledged. What does not belong here: what is done with them.
 */
import { openJournal, type Journal } from "#link/journal.ts";
import type { Log } from "#kernel/log.ts";

export interface JournaledOffer {
  readonly run: string;
  readonly attempt: number;
  readonly token: string;
}

type JournalRecord =
  | ({ readonly type: "offer" } & JournaledOffer)
  | { readonly type: "forget"; readonly run: string; readonly attempt: number };

/** Rewritten when it is larger than this and mostly about runs that are over. */
const compactAboveBytes = 4 * 1024 * 1024;

const keyOf = (run: string, attempt: number): string => `${run}/${attempt}`;

const readRecord = (value: unknown): JournalRecord | null => {
  if (typeof value !== "object" || value === null) return null;
  const { type, run, attempt, token } = value as Record<string, unknown>;
  if (typeof run !== "string" || typeof attempt !== "number") return null;
  if (type === "offer" && typeof token === "string") return { type, run, attempt, token };
  return type === "forget" ? { type, run, attempt } : null;
};

export class OfferJournal {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #offers = new Map<string, JournaledOffer>();
  #offersBytes = 0;
  #compacting = false;

  private constructor(journal: Journal, log: Log) {
    this.#journal = journal;
    this.#log = log;
  }

  /** Opens it. A damaged journal is kept beside, and its readable offers go on: what is missing, the controller offers again. */
  static async open(path: string, log: Log): Promise<OfferJournal> {
    const journal = await openJournal(path, { log });
    const offers = new OfferJournal(journal, log);
    for (const value of journal.records) {
      const record = readRecord(value);
      if (record?.type === "offer") offers.#keep(record);
      else if (record !== null) offers.#drop(record.run, record.attempt);
    }
    journal.forgetRecords();
    if (journal.damaged) await journal.rewrite(offers.#records());
    return offers;
  }

  offers(): readonly JournaledOffer[] {
    return [...this.#offers.values()];
  }

  /** Resolves once the offer is fsynced; rejects when it could not be (then it is not kept). */
  async add(offer: JournaledOffer): Promise<void> {
    await this.#journal.append({ type: "offer", run: offer.run, attempt: offer.attempt, token: offer.token });
    this.#keep(offer);
  }

  /** The controller has committed the outcome. Losing this only means that the outcome is sent once more. */
  forget(run: string, attempt: number): void {
    if (!this.#drop(run, attempt)) return;
    this.#journal.appendLazily({ type: "forget", run, attempt });
    if (!this.#compacting && this.#journal.sizeBytes > compactAboveBytes && this.#journal.sizeBytes > 4 * this.#offersBytes) {
      this.#compacting = true;
      this.#journal
        .rewrite(this.#records())
        .catch((error: unknown) => this.#log.warn({ error }, "journal could not be compacted"))
        .finally(() => (this.#compacting = false));
    }
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  *#records(): Iterable<JournalRecord> {
    for (const offer of this.#offers.values()) yield { type: "offer", run: offer.run, attempt: offer.attempt, token: offer.token };
  }

  #keep(offer: JournaledOffer): void {
    const key = keyOf(offer.run, offer.attempt);
    if (this.#offers.has(key)) return;
    this.#offers.set(key, { run: offer.run, attempt: offer.attempt, token: offer.token });
    this.#offersBytes += offer.token.length;
  }

  #drop(run: string, attempt: number): boolean {
    const key = keyOf(run, attempt);
    this.#offersBytes -= this.#offers.get(key)?.token.length ?? 0;
    return this.#offers.delete(key);
  }
}
