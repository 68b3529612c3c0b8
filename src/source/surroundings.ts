/** Key to text, of a ConfigMap or Secret. */
export type Data = Readonly<Record<string, string>>;

/** A value for a variable that goes before the manifest's. */
export interface SetValue {
  value: string;
  /** Whether it stood on the command line itself, where every user of the machine can read it. */
  plain: boolean;
}

/** Variable name to value. */
export type Sets = ReadonlyMap<string, SetValue>;

/** What a LoadTest refers to by name, as it is now. */
export interface Surroundings {
  configMaps: ReadonlyMap<string, Data>;
  secrets: ReadonlyMap<string, Data>;
  sets: Sets;
  help: Help;
}

/** What to say where something is not there. */
export interface Help {
  /** Behind the name of an object that is missing, such as `is not in the files given`. */
  absent: string;
  /** What makes an object be there, such as `add its file with -f`. */
  object: string;
  /** What else gives a variable its value; null: nothing. */
  variable(name: string, secret: boolean): string | null;
}

/** Looks at the surroundings anew. @throws Error in words for people */
export type LookAround = () => Promise<Surroundings>;
