import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What nsqd itself says, and NSQ's own consumer: witnesses that Taz did not write. */

interface Stats {
  topics: { topic_name: string; message_count: number; message_bytes: number; depth: number }[];
  producers: { pub_counts: { topic: string; count: number }[] }[] | null;
}

/** @param http address of nsqd's own pages */
export async function stats(http: string): Promise<Stats> {
  return (await (await fetch(`http://${http}/stats?format=json`)).json()) as Stats;
}

/** How many messages a topic has taken since nsqd started. */
export async function messageCount(http: string, topic: string): Promise<number> {
  const { topics } = await stats(http);
  return topics.find(({ topic_name: name }) => name === topic)?.message_count ?? 0;
}

/** The first `count` messages of a topic, one line of text each, read by `nsq_tail`. */
export async function consume(bin: string, tcp: string, topic: string, count: number): Promise<string[]> {
  const args = ['-nsqd-tcp-address', tcp, '-topic', topic, '-channel', 'test', '-n', `${count}`];
  const child = spawn(`${bin}/nsq_tail`, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const timer = setTimeout(() => child.kill(), 20_000);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await once(child, 'close');
  clearTimeout(timer);
  return lines;
}
