// Snapshots as they come, once a second, while somebody looks.
export class Feed {
  /** `onSnapshot(snapshot)` and `onState(connected)`. */
  constructor(onSnapshot, onState) {
    this.onSnapshot = onSnapshot;
    this.onState = onState;
    document.addEventListener('visibilitychange', () => this.follow());
    this.follow();
  }

  follow() {
    if (document.hidden) this.close();
    else if (!this.source) this.open();
  }

  open() {
    this.source = new EventSource('api/events');
    this.source.onmessage = (event) => {
      this.onState(true);
      this.onSnapshot(JSON.parse(event.data));
    };
    this.source.onerror = () => {
      this.onState(false);
      if (this.source?.readyState !== EventSource.CLOSED) return;  // the browser tries again by itself
      this.close();
      setTimeout(() => this.follow(), 2000);
    };
  }

  close() {
    this.source?.close();
    this.source = null;
  }
}
