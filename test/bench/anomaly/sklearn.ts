import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Entity } from './data.ts'

const Reply = z.object({
  version: z.string(),
  fitSeconds: z.number(),
  batchRowsPerSecond: z.number(),
  singleRowMsP50: z.number(),
})
export type SklearnSpeed = z.infer<typeof Reply>

const PROGRAM = `
import json, sys, time
import numpy as np, sklearn
from sklearn.ensemble import IsolationForest
from sklearn.preprocessing import StandardScaler
train = np.fromfile(sys.argv[1], dtype=np.float64).reshape(int(sys.argv[3]), -1).T
test = np.fromfile(sys.argv[2], dtype=np.float64).reshape(int(sys.argv[3]), -1).T
train = np.nan_to_num(np.ascontiguousarray(train)); test = np.nan_to_num(np.ascontiguousarray(test))
scaler = StandardScaler().fit(train)
a = time.perf_counter()
forest = IsolationForest(n_estimators=100, max_samples=256, contamination=0.1, random_state=1, n_jobs=1).fit(scaler.transform(train))
b = time.perf_counter()
forest.score_samples(scaler.transform(test))
c = time.perf_counter()
single = []
for i in range(60):
    d = time.perf_counter(); forest.score_samples(scaler.transform(test[i:i+1])); single.append(time.perf_counter() - d)
print(json.dumps({"version": sklearn.__version__, "fitSeconds": b - a, "batchRowsPerSecond": len(test) / (c - b), "singleRowMsP50": sorted(single)[30] * 1000}))
`

/** scikit-learn's IsolationForest on the same rows in the same run, or the reason why it was not measured. */
export function measureSklearn(entity: Entity): SklearnSpeed | { readonly absent: string } {
  const dir = mkdtempSync(join(tmpdir(), 'anomaly-bench-'))
  try {
    const write = (name: string, columns: readonly Float64Array[]): string => {
      const path = join(dir, name)
      writeFileSync(path, Buffer.concat(columns.map((c) => Buffer.from(c.buffer, c.byteOffset, c.byteLength))))
      return path
    }
    const args = [write('train', entity.train), write('test', entity.test), String(entity.train.length)]
    let absent = 'python3 is not installed'
    // A version manager's python3 may hide the one that the system's packages belong to.
    for (const python of ['python3', '/usr/bin/python3']) {
      const run = spawnSync(python, ['-c', PROGRAM, ...args], { encoding: 'utf8', timeout: 120_000 })
      if (run.status === 0) return Reply.parse(JSON.parse(run.stdout))
      if (run.error) continue
      absent = run.stderr.includes('ModuleNotFoundError')
        ? 'python3 has no scikit-learn (apt install python3-sklearn)'
        : 'python3 failed'
    }
    return { absent }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
