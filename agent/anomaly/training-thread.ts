import { Worker } from 'node:worker_threads'
import { asFault, Fault } from '../lib/errors.ts'
import type { DetectorName, DetectorTraining } from './detector.ts'
import type { History } from './train.ts'

/** Trains a detector; decisions made meanwhile must not wait for it. */
export type TrainDetector = (history: History, detector: DetectorName, abort: AbortSignal) => Promise<DetectorTraining>

/** What the thread is given. */
export interface TrainingTask {
  readonly history: History
  readonly detector: DetectorName
}

/** Trains in a thread of its own, since a second of arithmetic would hold up every assessment; an abort ends the thread. */
export const trainInThread: TrainDetector = (history, detector, abort) =>
  new Promise((resolve, reject) => {
    if (abort.aborted) return reject(abort.reason)
    const task: TrainingTask = { history, detector }
    const thread = new Worker(new URL('./training.worker.ts', import.meta.url), { workerData: task })
    const end = (settle: () => void) => {
      abort.removeEventListener('abort', onAbort)
      settle()
      void thread.terminate()
    }
    const onAbort = () => end(() => reject(abort.reason))
    abort.addEventListener('abort', onAbort, { once: true })
    thread.once('message', (training: DetectorTraining) => end(() => resolve(training)))
    thread.once('error', (error) => end(() => reject(asFault(error))))
    thread.once('exit', (code) =>
      end(() => reject(new Fault('internal', `the training thread ended with code ${code} and no result`))),
    )
  })
