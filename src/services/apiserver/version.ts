/** `/version`: the Kubernetes API that this server follows. */
export const VERSION = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+weft',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
