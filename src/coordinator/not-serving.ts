/** Another process coordinates the run, or will soon: who asks is to ask again. */
export class NotServing extends Error {
  constructor() {
    super('this process does not coordinate the run, or not any more: try again');
  }
}
