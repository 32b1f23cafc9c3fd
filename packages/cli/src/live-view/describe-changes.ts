import type { Alarm, FeedStatus, PracticeStatus, StatusReport } from '@aegis/server'
import { count, instant } from './figures.ts'

/**
 * What became different between two reports, a line for every change of state: feeds, failures, gaps, alarms, and every
 * tenth of the day's quota. Counts and times that move all the time are no change of state. Pure.
 */
export function describeChanges(before: StatusReport | undefined, now: StatusReport): string[] {
  const said = [
    ...(before ? [] : [started(now)]),
    ...now.practices.flatMap((practice) => practiceChanges(formerPractice(before, practice), practice)),
    ...quotaChanges(before, now),
    ...alarmChanges(before?.alarms ?? [], now.alarms),
  ]
  return said.map((text) => `${instant(now.now)} ${now.environment} ${text}`)
}

function started({ version, urls, home, pid }: StatusReport): string {
  const simulator = urls.simulator === undefined ? '' : `, simulator ${urls.simulator}`
  return `Aegis ${version} is up: API ${urls.api}${simulator}, home ${home}, process ${pid}`
}

function formerPractice(before: StatusReport | undefined, { practice }: PracticeStatus): PracticeStatus | undefined {
  return before?.practices.find((status) => status.practice === practice)
}

function practiceChanges(before: PracticeStatus | undefined, now: PracticeStatus): string[] {
  return now.feeds.flatMap((feed) => {
    const former = before?.feeds.find((status) => status.feed === feed.feed)
    return feedChanges(former, feed).map((text) => `practice ${now.practice} ${feed.feed}: ${text}`)
  })
}

function feedChanges(before: FeedStatus | undefined, now: FeedStatus): string[] {
  const state = before?.state === now.state ? [] : [`${now.state}, ${count(now.records)} records`]
  const opened = now.gaps.filter((gap) => !hasGap(before, gap))
  const closed = before?.gaps.filter((gap) => !hasGap(now, gap)) ?? []
  return [
    ...state,
    ...failureChanges(before, now),
    ...opened.map((gap) => `gap since ${instant(gap.from)}: ${gap.title}`),
    ...closed.map((gap) => `gap since ${instant(gap.from)} closed`),
  ]
}

function failureChanges(before: FeedStatus | undefined, { failure }: FeedStatus): string[] {
  const former = before?.failure?.code
  if (former === failure?.code) return []
  if (!failure) return ['works again']
  return [`failed: ${failure.title} (${failure.code}), tried again at ${instant(failure.retryAt)}`]
}

function hasGap(feed: FeedStatus | undefined, { openedAt }: FeedStatus['gaps'][number]): boolean {
  return feed?.gaps.some((gap) => gap.openedAt === openedAt) ?? false
}

function quotaChanges(before: StatusReport | undefined, { quota }: StatusReport): string[] {
  const tenth = tenthOf(quota)
  const former = before ? tenthOf(before.quota) : 0
  if (tenth <= former) return []
  return [`${tenth * 10} % of today's ${count(quota.dayLimit)} calls are used, anew at ${instant(quota.resetsAt)}`]
}

function tenthOf({ usedToday, dayLimit }: StatusReport['quota']): number {
  return dayLimit > 0 ? Math.floor((10 * usedToday) / dayLimit) : 0
}

function alarmChanges(before: readonly Alarm[], now: readonly Alarm[]): string[] {
  const raised = now.filter((alarm) => !before.some((former) => isSame(former, alarm)))
  const cleared = before.filter((former) => !now.some((alarm) => isSame(former, alarm)))
  return [
    ...raised.map(
      (alarm) => `${alarm.level.toUpperCase()} ${placeOf(alarm)}: ${alarm.message} Remedy: ${alarm.remedy}`,
    ),
    ...cleared.map((alarm) => `over: ${placeOf(alarm)}`),
  ]
}

function isSame(a: Alarm, b: Alarm): boolean {
  return a.code === b.code && a.practice === b.practice && a.feed === b.feed
}

function placeOf({ code, practice, feed }: Alarm): string {
  const place = [practice === undefined ? undefined : `practice ${practice}`, feed].filter((part) => part !== undefined)
  return place.length ? `${code} (${place.join(' ')})` : code
}
