package weather

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Listener is a network of one host in memory, for a clock that is not the
// machine's (testing/synctest). NewListener makes one.
type Listener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewListener returns a listener that nobody has dialed yet.
func NewListener() *Listener {
	return &Listener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// Accept waits for somebody to dial.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and lets nobody dial any more.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr returns an address without a meaning.
func (l *Listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

// DialContext connects to the listener, whatever the address. It is what
// http.Transport asks for.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	broken := &atomic.Bool{}
	select {
	case l.conns <- newConn(far, broken):
		return newConn(near, broken), nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// window is how much may be written that nobody has read yet, in bytes: without
// any, two ends that both write would wait for each other for ever.
const window = 64 << 10

// conn is one end of a connection that can be reset as TCP's can. What is
// written waits in a buffer for the other end to read it.
type conn struct {
	net.Conn
	abort  atomic.Bool  // to be reset when closed
	broken *atomic.Bool // was reset, by either end

	mu      sync.Mutex
	changed *sync.Cond
	waiting []byte
	sending bool  // what waited before
	closed  bool  // by this end
	err     error // of writing: the other end has closed
}

func newConn(c net.Conn, broken *atomic.Bool) *conn {
	n := &conn{Conn: c, broken: broken}
	n.changed = sync.NewCond(&n.mu)
	go n.send()
	return n
}

// send hands over what was written, and closes the connection after the last.
func (c *conn) send() {
	defer func() { _ = c.Conn.Close() }()
	for {
		c.mu.Lock()
		c.sending = false
		for len(c.waiting) == 0 && !c.closed {
			c.changed.Wait()
		}
		part := c.waiting
		c.waiting, c.sending = nil, true
		c.changed.Broadcast()
		c.mu.Unlock()
		if len(part) == 0 {
			return
		}
		if _, err := c.Conn.Write(part); err != nil {
			c.mu.Lock()
			c.err = err
			c.changed.Broadcast()
			c.mu.Unlock()
			return
		}
	}
}

// SetLinger lets Close reset the connection if sec is 0, as net.TCPConn does.
func (c *conn) SetLinger(sec int) error {
	c.abort.Store(sec == 0)
	return nil
}

// Close closes the connection once what was written has been read, or resets it.
func (c *conn) Close() error {
	reset := c.abort.Load()
	if reset {
		c.broken.Store(true)
	}
	c.mu.Lock()
	c.closed = true
	empty := len(c.waiting) == 0 && !c.sending
	c.changed.Broadcast()
	c.mu.Unlock()
	// What still waits goes out first.
	if reset || empty {
		return c.Conn.Close()
	}
	return c.Conn.SetDeadline(time.Now().Add(farewell))
}

// farewell is how long a connection that was closed waits for the other end to
// read the rest.
const farewell = time.Second

// Read reads.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.fault("read", err)
}

// Write writes, once there is room.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) >= window && c.err == nil && !c.closed {
		c.changed.Wait()
	}
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.err != nil:
		return 0, c.fault("write", c.err)
	}
	c.waiting = append(c.waiting, b...)
	c.changed.Broadcast()
	return len(b), nil
}

// SetWriteDeadline does nothing: writes wait for nothing but room.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline sets the deadline of reads.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *conn) fault(op string, err error) error {
	if err == nil || !c.broken.Load() {
		return err
	}
	return &net.OpError{Op: op, Net: "memory", Err: syscall.ECONNRESET}
}
