import { useQuery } from '@tanstack/react-query'
import { exchangeQuery } from '../api/review-queries.ts'
import { Failure, Loading } from '../ui/basics.tsx'

/** What a model was asked, word for word, and what it answered; read only when somebody opens it. */
export function ExchangeDetails({ id }: { id: string }) {
  const { data, error, isFetching, refetch } = useQuery(exchangeQuery(id))
  return (
    <details onToggle={(event) => event.currentTarget.open && !data && void refetch()}>
      <summary>Prompt and reply</summary>
      {isFetching && <Loading what="prompt and reply" />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data && (
        <>
          <p className="soft small">{data.note}</p>
          {data.prompt && (
            <>
              <Text title="Prompt: what is always said" text={data.prompt.system} />
              <Text title="Prompt: this incident" text={data.prompt.user} />
              {data.prompt.cut.length > 0 && <p className="soft small">Left out: {data.prompt.cut.join('; ')}.</p>}
            </>
          )}
          {data.replies?.map(({ model, outcome, text, latencyMs, costUsd }, index) => (
            <Text
              // biome-ignore lint/suspicious/noArrayIndexKey: replies stand in the order in which they came
              key={index}
              title={`Reply of ${model} (${outcome}, ${(latencyMs / 1000).toFixed(1)} s${costUsd === null ? '' : `, $${costUsd.toFixed(4)}`})`}
              text={text}
            />
          ))}
        </>
      )}
    </details>
  )
}

function Text({ title, text }: { title: string; text: string }) {
  return (
    <>
      <h3>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard */}
      <pre className="entry-json" tabIndex={0}>
        {text}
      </pre>
    </>
  )
}
