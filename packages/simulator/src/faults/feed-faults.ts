/** Faults that befall an app's feeds behind its back, and time. They act before the request is served. */
import type { AppsFeed } from '../feeds/feeds.ts'
import { feedNames } from '../practice/practice.ts'
import { amount, oneOf, oneOrMore, text, type FaultField } from './fault-field.ts'
import type { FaultRows, Meeting } from './fault-kind.ts'

type OfFeeds = 'unsubscribed' | 'partial' | 'retention-cut'

const feed: FaultField = oneOf(feedNames)

export const feedFaults: FaultRows<OfFeeds | 'clock-jump'> = {
  unsubscribed: {
    meets: 'a feed that the app is no longer subscribed to; what waited is gone',
    fields: { feed },
    before: (meeting) => atEach(meeting, (place) => lose(meeting, place, undefined)),
  },
  partial: {
    meets: 'a feed subscription that has lost events, one by default and never all',
    fields: { feed, events: oneOrMore(text) },
    before: (meeting) =>
      atEach(meeting, (place, events) => {
        const { action, random } = meeting
        const lost =
          action.events === undefined ? [random.pick(events)] : events.filter((name) => action.events?.includes(name))
        return lost.length > 0 && lost.length < events.length && lose(meeting, place, lost)
      }),
  },
  'retention-cut': {
    meets: 'processed messages of a feed that cannot be asked for again, though the retention has not passed',
    fields: { feed, olderThanMs: amount },
    before: (meeting) =>
      atEach(meeting, (place) => {
        const { action, request, world } = meeting
        const until = Math.floor(request.at) - (action.olderThanMs ?? 0)
        const isHit = world.feeds.forget(place, until)
        if (isHit) world.note({ kind: 'forget', ...place, until })
        return isHit
      }),
  },
  'clock-jump': {
    meets: 'virtual time that jumps forward before the request arrives',
    fields: { ms: amount },
    needs: ['ms'],
    jumpMs: ({ ms }) => ms,
  },
}

/**
 * Acts on the feed that the rule names, or else on the one the request is about, or else on all that its app is subscribed
 * to in the practice; true when there was anything to act on.
 */
function atEach<K extends OfFeeds>(
  { action, request, world }: Meeting<K>,
  act: (place: AppsFeed, events: readonly string[]) => boolean,
): boolean {
  const { practice, app, at } = request
  if (practice === undefined || app === undefined) return false
  const wanted = action.feed ?? request.feed
  const subscribed = world.feeds.subscribed({ practice, app: app.clientId }, Math.floor(at))
  const hits = subscribed
    .filter(({ place }) => wanted === undefined || place.feed === wanted)
    .filter(({ place, events }) => act(place, events))
  return hits.length > 0
}

function lose({ request, world }: Meeting<OfFeeds>, place: AppsFeed, events: readonly string[] | undefined): boolean {
  const now = Math.floor(request.at)
  world.feeds.lose({ ...place, events }, now)
  world.note({ kind: 'lose', ...place, ...(events !== undefined && { events }) })
  return true
}
