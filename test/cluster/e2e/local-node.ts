import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';

/** The machine's side of a cluster that `test/cluster/up` has made: what no API of Kubernetes can do to it. */
export class LocalNode {
  readonly #dir: string;

  /** @param dir the cluster's folder */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Ends the first process of a container, as the kernel does where memory is out. @param id `containerd://…` */
  async killContainer(id: string): Promise<void> {
    await this.#ctr('tasks', 'kill', '--signal', 'SIGKILL', id.replace('containerd://', ''));
  }

  /** Gives an image of the node another name. */
  async tagImage(name: string, other: string): Promise<void> {
    await this.#ctr('images', 'tag', '--force', name, other);
  }

  /** Stops the API server for a while: connections stay open and nothing is answered. */
  async pauseApiServer(during: () => Promise<void>): Promise<void> {
    const pid = this.#pidOf('kube-apiserver');
    process.kill(pid, 'SIGSTOP');
    try {
      await during();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  #ctr(...args: string[]): Promise<string> {
    const node = String(this.#pidOf('node'));
    return command('nsenter', ['--target', node, '--mount', '--', 'ctr', '--namespace', 'k8s.io', ...args]);
  }

  #pidOf(name: string): number {
    return Number(readFileSync(join(this.#dir, 'pids', name), 'utf8').split(' ')[0]);
  }
}
