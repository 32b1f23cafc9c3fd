// Stops with the remedy when the Node that runs the scripts is older than the project needs: `npm ci --ignore-scripts`
// would silently leave the machine's own Node first on the PATH.
const needed = 24
const found = Number(process.versions.node.split('.')[0])
if (found < needed) {
  process.stderr.write(
    `Aegis needs Node ${needed} or newer; these scripts run on ${process.version}.\n` +
      `Remedy: run "npm ci" without --ignore-scripts (it installs Node ${needed} into node_modules), then try again.\n`,
  )
  process.exit(1)
}
