import net from 'node:net';
import tls from 'node:tls';
import type { buildConnector } from 'undici';
import { secureContext } from '../tls-context.ts';
import type { HttpOptions } from '../transport.ts';
import { connectPlain } from './direct-reads.ts';
import { joinWrites } from './join-writes.ts';

/** Opens sockets for one lane, and knows those that are open. */
export class Connector {
  readonly #serverName: string | null;
  readonly #secureContext: tls.SecureContext;
  readonly #rejectUnauthorized: boolean;
  readonly #open = new Set<net.Socket>();
  #whenEmpty: (() => void) | null = null;

  /** @throws Error when `options.ca` holds no certificate in PEM form */
  constructor(options: HttpOptions['tls']) {
    this.#serverName = options.serverName;
    this.#rejectUnauthorized = !options.insecure;
    this.#secureContext = secureContext(options.ca, 'http.tls.ca');
  }

  /**
   * Starts to connect to `origin`; `done` is called once, unless the socket is destroyed before. Each connection shakes
   * hands in full: a session taken up again would hide what a new client costs the target.
   */
  connect(origin: URL, done: buildConnector.Callback): net.Socket {
    const secure = origin.protocol === 'https:';
    const host = origin.hostname.replace(/^\[|\]$/g, '');
    const port = origin.port === '' ? (secure ? 443 : 80) : Number(origin.port);
    const socket = secure ? this.#connectTls(host, port) : connectPlain({ host, port });
    this.#open.add(socket);
    joinWrites(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    let told = false;
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      told = true;
      done(null, socket);
    });
    // Stays for the life of the socket, so that no late error is left without a listener.
    socket.on('error', (error) => {
      if (told) return;
      told = true;
      done(error, null);
    });
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) this.#whenEmpty?.();
    });
    return socket;
  }

  /** Resolves when no socket is open. */
  async drained(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  #connectTls(host: string, port: number): tls.TLSSocket {
    // Not the `Host` header: as in other clients, the name asked for is that of the URL. An address is no name.
    const servername = this.#serverName ?? (net.isIP(host) === 0 ? host : '');
    return tls.connect({
      host,
      port,
      servername,
      secureContext: this.#secureContext,
      rejectUnauthorized: this.#rejectUnauthorized,
      ALPNProtocols: ['http/1.1'],
    });
  }
}
