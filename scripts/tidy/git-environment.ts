/**
 * The environment for git to go by the directory it works in, and by nothing else: a hook names the repository that it is
 * of (GIT_DIR, GIT_INDEX_FILE), and what somebody has set for all theirs changes what git shows, or has it wait for them.
 */
export function gitEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('GIT_'))
  return { ...Object.fromEntries(others), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
}
