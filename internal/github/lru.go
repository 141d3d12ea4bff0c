package github

import (
	"container/list"
	"sync"
)

// lru keeps what was used last, up to a number of bytes.
type lru[V any] struct {
	mu    sync.Mutex
	max   int
	used  int
	order *list.List // newest first
	items map[string]*list.Element
}

type lruItem[V any] struct {
	key   string
	value V
	size  int
}

// itemOverhead is what an entry costs besides its value, in bytes.
const itemOverhead = 256

func newLRU[V any](limit int) *lru[V] {
	return &lru[V]{max: limit, order: list.New(), items: map[string]*list.Element{}}
}

func (l *lru[V]) get(key string) (value V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.items[key]
	if !ok {
		return value, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruItem[V]).value, true
}

// put keeps a value of a size in bytes. One that would drive out most others is not kept.
func (l *lru[V]) put(key string, value V, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size += len(key) + itemOverhead
	if e, ok := l.items[key]; ok {
		l.remove(e)
	}
	if size > l.max/2 {
		return
	}
	l.items[key] = l.order.PushFront(&lruItem[V]{key: key, value: value, size: size})
	for l.used += size; l.used > l.max; {
		l.remove(l.order.Back())
	}
}

func (l *lru[V]) remove(e *list.Element) {
	item := l.order.Remove(e).(*lruItem[V])
	delete(l.items, item.key)
	l.used -= item.size
}
