import type { ModelIdentity } from '@neckfrac/core'
import { SOFTWARE } from '@neckfrac/core'

/** Always in sight: what this is not, which networks speak, and what they learned from. */
export function Notice({ model }: { model: ModelIdentity | null }) {
  return (
    <footer className="notice">
      <strong>Not a medical device</strong>
      <span>Research software. Do not use it for diagnosis.</span>
      {model && (
        <span className="notice-model">
          {model.name} {model.version}, trained on <strong>{model.trainedOn}</strong>
        </span>
      )}
      <span>
        {SOFTWARE.name} {SOFTWARE.version}
      </span>
    </footer>
  )
}
