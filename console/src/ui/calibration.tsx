import type { Curve } from '../api/types.ts'

const SIZE = 260
const EDGE = 30

/** Stated confidence against what came true, with the uncertainty of each bin: on the line it can be believed. */
export function Calibration({ curve, isCalibrated }: { curve: Curve; isCalibrated: boolean }) {
  const at = (share: number) => EDGE + share * (SIZE - EDGE - 8)
  const up = (share: number) => SIZE - EDGE - share * (SIZE - EDGE - 8)
  const isWithin = curve.ece <= curve.eceNoise
  return (
    <div className="columns">
      <figure>
        <svg
          className="dots calibration"
          viewBox={`0 0 ${SIZE} ${SIZE}`}
          role="img"
          aria-label={`Calibration: ${curve.bins.map(({ meanConfidence, accuracy, count }) => `stated ${percent(meanConfidence)}, came true ${percent(accuracy)} of ${count}`).join('; ')}`}
        >
          <line className="axis" x1={at(0)} x2={at(1)} y1={up(0)} y2={up(0)} />
          <line className="axis" x1={at(0)} x2={at(0)} y1={up(0)} y2={up(1)} />
          <line className="promised" x1={at(0)} x2={at(1)} y1={up(0)} y2={up(1)} />
          {[0, 0.5, 1].map((share) => (
            <g key={share}>
              <text x={at(share)} y={SIZE - EDGE + 14} textAnchor="middle">
                {percent(share)}
              </text>
              <text x={EDGE - 4} y={up(share) + 4} textAnchor="end">
                {Math.round(share * 100)}
              </text>
            </g>
          ))}
          <text x={at(0.5)} y={SIZE - 3} textAnchor="middle">
            stated
          </text>
          {curve.bins.map((bin) => (
            <g key={bin.from} className="good">
              <title>{`stated ${percent(bin.meanConfidence)}, came true ${percent(bin.accuracy)} of ${bin.count}`}</title>
              <line
                className="whisker"
                x1={at(bin.meanConfidence)}
                x2={at(bin.meanConfidence)}
                y1={up(bin.accuracyInterval.low)}
                y2={up(bin.accuracyInterval.high)}
              />
              <circle cx={at(bin.meanConfidence)} cy={up(bin.accuracy)} r={Math.min(9, 3 + Math.sqrt(bin.count) / 2)} />
            </g>
          ))}
        </svg>
        <figcaption>
          What was stated (across) and what came true (up); on the dashed line the word can be believed.
        </figcaption>
      </figure>
      <div>
        <p>
          Brier score <strong>{curve.brier.toFixed(3)}</strong> (a coin has 0.25). Mean gap between word and outcome{' '}
          <strong>{curve.ece.toFixed(3)}</strong>.
        </p>
        <p>
          With so few verdicts, even perfectly honest words would show up to {curve.eceNoise.toFixed(3)} by chance: the
          gap found is {isWithin ? 'within' : 'beyond'} that.
        </p>
        <p className="soft">{isCalibrated ? 'After calibration.' : 'As stated, not calibrated.'}</p>
        <table>
          <thead>
            <tr>
              <th className="right">Stated</th>
              <th className="right">Came true</th>
              <th className="right">Verdicts</th>
            </tr>
          </thead>
          <tbody>
            {curve.bins.map((bin) => (
              <tr key={bin.from}>
                <td className="right num">{percent(bin.meanConfidence)}</td>
                <td className="right num">{percent(bin.accuracy)}</td>
                <td className="right num">{bin.count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
