import type { DropReason, FailureClass } from '../metrics/outcome.ts';

const CLASSES: Record<FailureClass, string> = {
  timeout:
    'No whole answer or acknowledgement came within the timeout (http.timeout, kafka.timeout, nsq.timeout). The target is slow, hangs, or the timeout is too short for it.',
  refused: 'Nothing listens at that address and port, or its queue of new connections is full.',
  dns: 'The host name could not be resolved. Check the URL or addr, and the name server of this machine.',
  unreachable: 'There is no route to the host. Check the address and the network in between.',
  connect_timeout:
    'The connection was not set up in time: packets are dropped on the way, by a firewall or by a full queue.',
  reset:
    'The connection was torn down in the middle: a process that crashed or restarted, or a proxy at its limit.',
  closed:
    'The target closed the connection before its answer was whole: it ended or restarted, or its keep-alive time is shorter than the pauses between hits. A broker that asks for a login or for TLS may close like this too.',
  tls: 'The TLS handshake failed, the certificate is not trusted, or only one side speaks TLS. See http.tls, kafka.tls or nsq.tls (ca, serverName, insecure).',
  protocol: 'What came back is not of this protocol. Check scheme and port of the URL, or the port of addr.',
  truncated:
    'The body was shorter or longer than announced: look for a crash or a size limit at the target or a proxy.',
  redirect: 'Too many redirects, or one without a usable address. Check the URL, or raise http.redirects.',
  other: 'None of the known classes. A file made with --results has the text of each error.',
  stalled:
    'The broker answered nothing for longer than the timeout, so the connection was given up with all that was on it. Look whether the broker hangs, or is out of reach.',
  auth: 'The broker does not accept the login, or does not let it write there. Check kafka.sasl or nsq.auth with its Secret, and what the user may do.',
  unknown_topic:
    'The topic or partition is not there, and the broker does not make topics by itself. Create it, check its name, or allow it (auto.create.topics.enable).',
  not_leader:
    'The partition has no leader, or has just got another one: brokers restart or are being moved. It passes by itself, else look at the cluster.',
  not_replicated:
    'Fewer replicas are in sync than the topic asks for (min.insync.replicas): a broker is down or slow. acks: Leader does not wait for them.',
  message_too_large:
    "The message, or its batch as a whole, is larger than the broker takes (message.max.bytes, the topic's max.message.bytes; nsqd's -max-msg-size). Send smaller ones, lower batchBytes, or raise the limit.",
  sequence:
    'The sequence numbers of an idempotent producer did not fit together, as after another failure. It goes on with a new producer id.',
  broker_error:
    'Another error of the broker. A file made with --results has its name and text, and its log says more.',
  e_invalid:
    'nsqd calls the command invalid, such as a deferMs beyond its -max-req-timeout. A file made with --results has its text.',
  e_bad_topic: 'nsqd does not take the name of the topic: at most 64 letters, digits, ".", "_" and "-".',
  e_bad_message:
    'nsqd does not take the message: it is empty, or larger than its -max-msg-size or -max-body-size.',
  e_pub_failed: 'nsqd could not store a message. Its log says why: a full disk, as a rule.',
  e_mpub_failed: 'nsqd could not store a batch of messages. Its log says why: a full disk, as a rule.',
  e_dpub_failed: 'nsqd could not store a deferred message. Its log says why: a full disk, as a rule.',
};

const STATUSES: Record<number, string> = {
  400: 'The target calls the request malformed. Look at one with `taz render --decode`.',
  401: 'The target asks for credentials. Check the header or write key that the template sends.',
  403: 'The credentials are not allowed to do this.',
  404: 'There is nothing under that path. Check the URL that the template renders.',
  405: 'The path exists, but not for this method.',
  408: 'The target waited too long for the request.',
  413: 'The body is too large for the target.',
  415: 'The target does not take this content type. Check the Content-Type header.',
  422: 'The target understood the request and refuses its content. Look at one with `taz render --decode`.',
  429: 'The target limits the rate. Ask for less, or raise its limit for this test.',
  500: 'An error inside of the target. Its log says more.',
  502: 'A proxy got no valid answer from the service behind it.',
  503: 'The target says that it is overloaded or not ready.',
  504: 'A proxy got no answer in time from the service behind it.',
};

const DROPS: Record<DropReason, string> = {
  busy: 'No connection or place in flight came free in time: the target was too slow for this rate. More http.connections, kafka.inFlight or nsq.inFlight would send more at once.',
  late: 'A connection or place in flight was free but this machine was not on time: give Taz more CPU, lanes or workers.',
  local:
    'This machine ran out of file descriptors or ports: raise `ulimit -n`, or use more workers on more machines.',
  template: 'The template could not be rendered, or gave no valid target. Look at it with `taz render`.',
};

/** What a class of failure means and what can be done about it. @param name as in `Summary.failures` */
export function explainFailure(name: string): string {
  if (!name.startsWith('http_')) return CLASSES[name as FailureClass] ?? '';
  const status = Number(name.slice('http_'.length));
  return STATUSES[status] ?? explainStatusKind(status);
}

export function explainDrop(reason: DropReason): string {
  return DROPS[reason];
}

/** Why hits can be missing from every count. */
export const UNREPORTED =
  'A worker was lost before its last word. These hits were due to it after its last report, so whether they were sent is not known.';

/** What a saturated generator means for the figures. */
export const SATURATED =
  'The generator was not fast enough in at least one window: its own delay may show in these times, and such windows cast no votes. Give it more CPU, lanes or workers before you trust them.';

function explainStatusKind(status: number): string {
  if (status < 200) return 'An informational status where a final one was due.';
  if (status < 300) return 'A success by itself, but not one that http.success asks for.';
  if (status < 400) return 'A redirect that is not followed. Use the final URL, or set http.redirects.';
  if (status < 500) return 'The target refuses the request. Look at one with `taz render --decode`.';
  return 'An error of the target. Its log says more.';
}
