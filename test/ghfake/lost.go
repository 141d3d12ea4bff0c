package ghfake

// lose reports whether an event is lost.
func (f *faults) lose(d *delivery) bool {
	switch {
	case d.redelivery:
		return false
	case f.losing > 0:
		f.losing--
		return true
	case f.happens(f.chaos.Lose):
		f.recordLost = true
		return true
	case f.happens(f.chaos.LoseUnrecorded):
		f.recordLost = false
		return true
	}
	return false
}

func (f *faults) twice() bool {
	if f.doubling > 0 {
		f.doubling--
		return true
	}
	return f.happens(f.chaos.Double)
}

// swap changes the order of the last event with one that waits too.
func (f *faults) swap(waiting []*delivery) {
	if n := len(waiting); n > 1 && f.happens(f.chaos.Shuffle) {
		i := f.dice.IntN(n - 1)
		waiting[i], waiting[n-1] = waiting[n-1], waiting[i]
	}
}
