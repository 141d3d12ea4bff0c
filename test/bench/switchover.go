package main

import "context"

func (b *bench) switchover(context.Context) error { return nil }
