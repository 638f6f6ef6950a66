package engine

import (
	"context"
	"sync"
)

// claims keeps two source objects from being matched to one target object at
// the same time: what one of them has in hand, from matching until it is
// recorded, another has to wait for or to leave alone.
type claims struct {
	mu    sync.Mutex
	freed *sync.Cond
	owner map[string]string // what is claimed, and the source anchor that claims it
}

func newClaims() *claims {
	c := &claims{owner: map[string]string{}}
	c.freed = sync.NewCond(&c.mu)
	return c
}

// wait takes all the claims, waiting until nobody holds any of them, or until
// ctx ends, whose error it then returns.
func (c *claims) wait(ctx context.Context, owner string, keys []string) error {
	defer context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.freed.Broadcast()
	})()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.anyHeld(owner, keys) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c.freed.Wait()
	}
	for _, k := range keys {
		c.owner[k] = owner
	}
	return nil
}

// try takes the claim and returns "", or returns who holds it.
func (c *claims) try(owner, key string) (holder string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if holder, held := c.owner[key]; held && holder != owner {
		return holder
	}
	c.owner[key] = owner
	return ""
}

// release gives back claims.
func (c *claims) release(keys []string) {
	if len(keys) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		delete(c.owner, k)
	}
	c.freed.Broadcast()
}

func (c *claims) anyHeld(owner string, keys []string) bool {
	for _, k := range keys {
		if holder, held := c.owner[k]; held && holder != owner {
			return true
		}
	}
	return false
}
