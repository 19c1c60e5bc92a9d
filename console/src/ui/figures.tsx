export interface Figure {
  readonly name: string
  readonly value: string
  readonly detail?: string
}

/** A few figures that are to be seen from afar. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className="facts figures">
      {figures.map(({ name, value, detail }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          {detail && <dd className="soft small">{detail}</dd>}
        </div>
      ))}
    </dl>
  )
}
