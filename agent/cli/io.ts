import type { Command } from 'commander'
import { type Paint, painterFor } from './style.ts'

/** What a command may touch of the outside: streams, environment and the working folder. */
export interface CliIo {
  readonly out: NodeJS.WriteStream
  readonly err: NodeJS.WriteStream
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** Reads the secrets that the configuration of a folder refers to again, into the environment. */
  readonly readSecrets?: (folder: string) => Promise<CliIo['environment']>
}

/** Options that every command takes. */
export interface GlobalOptions {
  /** Folder of failwise.yaml, services.yaml and policy.yaml. */
  readonly config: string
  readonly json: boolean
}

/** The options of a command and of its parents, with the configuration's folder settled. */
export function optionsOf<T extends GlobalOptions>(command: Command, io: CliIo): T {
  const given = command.optsWithGlobals<Partial<T>>()
  const config = given.config ?? io.environment.FAILWISE_CONFIG ?? io.folder
  return { ...given, config, json: given.json ?? false } as T
}

/** A command's way to answer: people get text, programs get JSON. */
export interface Answer {
  readonly paint: Paint
  print(text: string): void
  /** Prints the text, or with --json the value. */
  give(value: unknown, text: () => string): void
  /** What happens meanwhile; goes to standard error, so that pipes stay clean. */
  note(text: string): void
}

/** The way to answer for these streams and options. */
export function answerOn(io: CliIo, { json }: Pick<GlobalOptions, 'json'>): Answer {
  const print = (text: string) => {
    io.out.write(`${text}\n`)
  }
  return {
    paint: painterFor(io.out),
    print,
    give: (value, text) => print(json ? JSON.stringify(value, null, 2) : text()),
    note: (text) => {
      io.err.write(`${text}\n`)
    },
  }
}

/** Exit codes: done, decided against or below the bar, wrong use. */
export const EXIT = Object.freeze({ done: 0, against: 1, usage: 2 })
