import { celText, matching } from './cel.ts';
import { duration, fields, flag, list, map, text } from './kinds.ts';
import { fileName, objectName } from './names.ts';

const ConfigMapSource = fields({ name: objectName() });

const DirectorySource = fields({
  path: text(1, 4096, 'the path of a folder such as ./templates', {
    holds: (value) => !value.includes('\0'),
    cel: (self) => `!${self}.contains(${celText('\0')})`,
  }),
});

const S3Source = fields({
  bucket: text(3, 63, 'the name of a bucket'),
  prefix: text(0, 1024).optional(),
  region: text(1, 64, 'a region such as eu-west-1').optional(),
  endpoint: text(1, 2048, 'a URL such as https://s3.example', matching(/^https?:\/\/[^\s/]/)).optional(),
  pathStyle: flag().default(false),
  credentials: fields({ secretName: objectName() }).optional(),
});

/** One source: exactly one of its fields is given. */
const Source = fields({
  inline: map(fileName(), text(0, 65_536), 'files', 64).optional(),
  configMap: ConfigMapSource.optional(),
  directory: DirectorySource.optional(),
  s3: S3Source.optional(),
});

const From = list(Source, 'sources', 1, 16);

/** Targets made from templates. */
export const Templates = fields({
  entry: fileName(),
  from: From,
  reload: duration('1s', '24h').optional(),
});

/** A canned sequence of targets. */
export const Targets = fields({
  from: From,
  loop: flag().optional(),
});
