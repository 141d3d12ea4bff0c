package execute

import (
	"fmt"
	"strings"
	"sync"
)

// bounded keeps the first and the last bytes of what is written to it, limit in
// all, and counts the rest. It never uses more memory than that.
type bounded struct {
	mu    sync.Mutex
	limit int
	head  []byte
	tail  []byte // a ring of the half of limit, once head is full
	next  int    // where the ring goes on
	total int64
}

func newBounded(limit int) *bounded { return &bounded{limit: limit} }

// Write implements io.Writer and never fails.
func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(p)
	b.total += int64(n)
	if room := b.limit - b.limit/2 - len(b.head); room > 0 {
		take := min(room, len(p))
		b.head = append(b.head, p[:take]...)
		p = p[take:]
	}
	b.roll(p)
	return n, nil
}

func (b *bounded) roll(p []byte) {
	size := b.limit / 2
	if size == 0 {
		return
	}
	if len(p) > size {
		p = p[len(p)-size:]
	}
	if room := size - len(b.tail); room > 0 {
		take := min(room, len(p))
		b.tail = append(b.tail, p[:take]...)
		p = p[take:]
	}
	for len(p) > 0 {
		n := copy(b.tail[b.next:], p)
		p = p[n:]
		b.next = (b.next + n) % size
	}
}

// cut returns how many bytes in the middle were not kept.
func (b *bounded) cut() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total - int64(len(b.head)+len(b.tail))
}

// parts returns what was kept, before and after the cut.
func (b *bounded) parts() (head, tail string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.head), string(b.tail[b.next:]) + string(b.tail[:b.next])
}

// text returns what was kept, masked and readable, with a note where bytes are
// missing.
func (b *bounded) text(m *mask) string {
	head, tail := b.parts()
	cut := b.cut()
	if cut == 0 {
		return readable(m.text(head + tail))
	}
	note := fmt.Sprintf("\n[... %d bytes are not kept ...]\n", cut)
	return readable(m.hide(head, false, true)) + note + readable(m.hide(tail, true, false))
}

// raw returns what was kept, unmasked, for the conditions of this very step.
func (b *bounded) raw() string {
	head, tail := b.parts()
	return strings.ToValidUTF8(head+tail, "\uFFFD")
}

// readable makes text of bytes: databases and terminals take neither broken
// UTF-8 nor NUL.
func readable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
