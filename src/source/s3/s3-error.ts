import { systemErrorText } from '../../report/system-error.ts';
import { DeadlineError } from '../../time/deadline.ts';
import { shown } from '../../units/shown.ts';
import { MovedError, SourceError } from '../source-error.ts';
import { elementOf } from './list-xml.ts';
import type { Location } from './location.ts';

/** What a call was for. */
export interface Call {
  location: Location;
  /** The object asked for; null: the bucket was listed. */
  key: string | null;
  /** Of the credentials, such as `of Secret s3-keys`. */
  origin: string;
}

/** An answer that is no success. */
export interface Refusal {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of its body: XML with a code and a message, as a rule. */
  body: string;
}

/** Something that may well be over at the next try. */
export class PassingError extends SourceError {
  override readonly name = 'PassingError';
}

/** How much of a service's own words is repeated. */
const MOST_WORDS = 200;

/** A refusal in words, with what would be right. */
export function refusalError(refusal: Refusal, call: Call, wallMs: number): SourceError {
  const { location, key, origin } = call;
  const { status, body, headers } = refusal;
  const bucket = `bucket ${shown(location.bucket)}`;
  const code = elementOf(body, 'Code') ?? '';
  if (status === 412 || (key !== null && status === 404 && code !== 'NoSuchBucket')) {
    return new MovedError(`object ${shown(key ?? '')} was changed or deleted while it was being read`);
  }
  if (code === 'NoSuchBucket')
    return new SourceError(`there is no ${bucket} at ${location.origin}: check bucket, region and endpoint`);
  const region = regionIn(refusal);
  if (region !== null && region !== location.region)
    return new SourceError(`${bucket} is in region ${region}, not ${location.region}: set region: ${region}`);
  switch (code) {
    case 'InvalidAccessKeyId':
    case 'XAdminUserNotFound': // as versitygw calls it
    case 'SignatureDoesNotMatch': {
      const which = code === 'SignatureDoesNotMatch' ? 'secret access key' : 'access key id';
      return new SourceError(`the ${which} ${origin} is wrong: ${location.host} answers ${code}`);
    }
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'TokenRefreshRequired':
      return new SourceError(
        `the session token ${origin} is not or no longer valid (${code}): give a new one`,
      );
    case 'RequestTimeTooSkewed': {
      return new SourceError(
        `the clock of this machine is ${skewOf(headers['date'], wallMs)} the service's: set it right`,
      );
    }
    case 'AccessDenied': {
      const what = key === null ? `list ${bucket} (s3:ListBucket)` : `read ${shown(key)} (s3:GetObject)`;
      return new SourceError(`the credentials ${origin} may not ${what}: allow it, or use others`);
    }
  }
  const said = wordsOf(code, elementOf(body, 'Message') ?? '');
  const answer = `${location.host} answers ${status}${said}`;
  if (status >= 500 || status === 429) return new PassingError(answer);
  if (status === 403) return new SourceError(`${answer}: check the credentials ${origin} and their rights`);
  return new SourceError(`${answer}: check bucket, region, endpoint and pathStyle`);
}

/** No answer, or one that broke off, in words. */
export function brokenCallError(error: unknown, { location, key }: Call): SourceError {
  if (error instanceof SourceError) return error;
  const host = location.host;
  if (error instanceof DeadlineError)
    return new PassingError(`${host} gives no whole answer within ${error.limitMs / 1000} s`);
  const { code = '', message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ECONNREFUSED':
      return new PassingError(`nobody listens at ${location.origin} (ECONNREFUSED): check endpoint`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN': {
      const style = location.pathStyle ? '' : ' (for a compatible store you may need pathStyle: true)';
      return new PassingError(
        `there is no host ${host} (${code}): check bucket, region and endpoint${style}`,
      );
    }
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return new PassingError(`${host} does not answer in time (${code})`);
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH': {
      const what = key === null ? 'the listing' : `object ${shown(key)}`;
      return new PassingError(`the answer of ${host} broke off in the middle of ${what}`);
    }
  }
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code)) {
    const help = 'for a certificate authority of your own set NODE_EXTRA_CA_CERTS';
    return new SourceError(
      `TLS with ${host} fails (${code}): check that endpoint is https and its certificate; ${help}`,
    );
  }
  return new PassingError(`${host} cannot be reached: ${systemErrorText(error) || message}`);
}

function regionIn({ status, headers, body }: Refusal): string | null {
  const told = headers['x-amz-bucket-region'] ?? elementOf(body, 'Region');
  return (status === 301 || status === 307 || status === 400) && typeof told === 'string' && told !== ''
    ? told.slice(0, 64)
    : null;
}

function wordsOf(code: string, message: string): string {
  if (code === '') return '';
  const words = message === '' ? '' : `: ${message.slice(0, MOST_WORDS)}`;
  return ` (${code}${words})`.replace(/[\p{Cc}]/gu, ' ');
}

function skewOf(date: string | string[] | undefined, wallMs: number): string {
  const theirs = Date.parse(String(date));
  const minutes = Math.round(Math.abs(wallMs - theirs) / 60_000);
  return Number.isNaN(minutes) || minutes < 1
    ? 'too far from'
    : `about ${minutes} min ${wallMs > theirs ? 'ahead of' : 'behind'}`;
}
