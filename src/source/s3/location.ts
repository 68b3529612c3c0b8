import { isIP } from 'node:net';
import type { S3Spec } from '../../api/run-spec.ts';
import { shown } from '../../units/shown.ts';
import { SourceError } from '../source-error.ts';

/** Where a bucket is reached. */
export interface Location {
  bucket: string;
  /** Scheme, host and port, such as `https://templates.s3.eu-west-1.amazonaws.com`. */
  origin: string;
  /** As it stands in the header `host`. */
  host: string;
  /** What the path of each call begins with, percent-encoded: the bucket where it stands there. Ends with `/`. */
  basePath: string;
  region: string;
  pathStyle: boolean;
}

/** Where a compatible store is told no region, any will do, and this is the one that most expect. */
const USUAL_REGION = 'us-east-1';

/** @throws SourceError when there is no region, or the endpoint is no URL */
export function locationOf(spec: S3Spec, env: NodeJS.ProcessEnv): Location {
  const { bucket, endpoint } = spec;
  const region = spec.region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || null);
  if (endpoint === null && region === null) {
    throw new SourceError('has no region: give the one of the bucket, such as region: eu-west-1');
  }
  // Below a name with dots, the cloud's own certificate is not valid.
  const pathStyle = spec.pathStyle || (endpoint === null && bucket.includes('.'));
  const url = urlOf(endpoint ?? `https://s3.${region}.${domainOf(region!)}`);
  if (!pathStyle && isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0)
    throw new SourceError(
      `endpoint ${url.host} is an address, which no bucket can stand before: set pathStyle: true`,
    );
  const host = pathStyle ? url.host : `${bucket}.${url.host}`;
  const path = url.pathname.replace(/\/+$/, '');
  return {
    bucket,
    origin: `${url.protocol}//${host}`,
    host,
    basePath: pathStyle ? `${path}/${encoded(bucket)}/` : `${path}/`,
    region: region ?? USUAL_REGION,
    pathStyle,
  };
}

/** Percent-encoded as signatures ask for: all but unreserved characters. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

function urlOf(endpoint: string): URL {
  try {
    const url = new URL(endpoint);
    if (url.username === '' && url.password === '' && url.search === '' && url.hash === '') return url;
  } catch {
    // Said below.
  }
  throw new SourceError(
    `endpoint ${shown(endpoint.replace(/\/\/[^/@]*@/, '//…@'))} is not a plain URL such as https://s3.example:9000`,
  );
}
