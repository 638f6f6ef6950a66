package weather

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Sky is how a spell of weather is.
type Sky string

// The skies.
const (
	Calm    Sky = "calm"    // nothing fails
	Drizzle Sky = "drizzle" // a request fails now and then, in any way
	Storm   Sky = "storm"   // many fail, in a few ways
	Gusts   Sky = "gusts"   // most writes fail, and reads do not
	Outage  Sky = "outage"  // everything fails in one way
)

// Spell is the weather of some time.
type Spell struct {
	Sky        Sky
	Begin, End time.Time
	Lag        int     // how many requests come after Begin before it is felt
	Chance     float64 // of a request to meet a fault, from 0 to 1
	Kinds      []Kind  // the faults
	// WritesOnly: reads are answered as they should be, but for the queries that
	// find somebody: these may find too much.
	WritesOnly bool
}

// Forecast returns spells without a gap for so long a time, drawn from a seed,
// of faults of these kinds (see Kinds). The first outage is one of credentials.
// The others go through the kinds that can last, each once before any twice, those
// that come in outages alone before the rest. They begin with the one at first, so
// that lives with different firsts see them all.
func Forecast(seed uint64, first int, begin time.Time, length time.Duration, kinds []Kind) []Spell {
	rng := rand.New(rand.NewPCG(seed, 0x5ca1ab1e))
	lasting := Lasting(kinds)
	passing, rare := single(kinds)
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(rng.Int64N(int64(most-least)))
	}
	skies := []Sky{Drizzle, Drizzle, Drizzle, Storm, Gusts, Gusts, Gusts, Gusts, Outage, Outage, Outage}
	var spells []Spell
	outages := 0
	for at, end := begin, begin.Add(length); at.Before(end); {
		s := Spell{Sky: skies[rng.IntN(len(skies))], Begin: at, Lag: max(0, rng.IntN(25)-5)}
		if n := len(spells); n > 0 && (spells[n-1].Sky == Outage || spells[n-1].Sky == Storm) {
			s.Sky = Calm // after a storm; who was thrown back comes to work again
		}
		switch s.Sky {
		case Calm:
			s.End = at.Add(between(45*time.Minute, 2*time.Hour))
		case Drizzle:
			s.End, s.Chance, s.Kinds = at.Add(between(40*time.Minute, 2*time.Hour)), 0.08, passing
		case Storm:
			s.End, s.Chance, s.Kinds = at.Add(between(20*time.Minute, time.Hour)), 0.25, some(rng, passing, 6)
		case Gusts:
			s.End, s.Chance, s.Kinds = at.Add(between(time.Hour, 3*time.Hour)), 0.6, append(some(rng, passing, 10), rare...)
			s.WritesOnly = true
		case Outage:
			s.End, s.Chance = at.Add(between(45*time.Minute, 75*time.Minute)), 1
			switch {
			case outages == 0 && slices.Contains(kinds, Unauthorized):
				s.Kinds = []Kind{Unauthorized}
			case len(lasting) > 0:
				s.Kinds = []Kind{lasting[first%len(lasting)]}
				first++
			}
			outages++
		}
		if s.End.After(end) {
			s.End = end
		}
		at = s.End
		spells = append(spells, s)
	}
	return spells
}

// Rotation returns so many spells of one length without a pause, for a life that
// is short: writes fail most of the time, in a few ways at a time, and all ways
// have their turn; in between everything fails, or nothing does. Most outages are
// of the kinds that come in outages alone, which have their turn as well.
func Rotation(seed uint64, at time.Time, length time.Duration, spells int, kinds []Kind) (rotation []Spell) {
	rng := rand.New(rand.NewPCG(seed, 0x707a7e))
	passing, rare := single(kinds)
	lasting, alone := Lasting(kinds), slices.DeleteFunc(slices.Clone(kinds), func(k Kind) bool { return !table()[k].onlyLasts })
	const perSpell = 10
	var ways []Kind
	turn := 0
	for i := range spells {
		s := Spell{Sky: Gusts, Begin: at, End: at.Add(length), WritesOnly: true, Chance: 0.6} // no lag: in an outage few requests come
		if len(ways) < perSpell {
			ways = append(ways, some(rng, passing, len(passing))...)
		}
		s.Kinds, ways = append(slices.Clone(ways[:perSpell]), rare...), ways[perSpell:]
		switch i % 6 {
		case 3:
			s.Sky, s.WritesOnly, s.Chance = Drizzle, false, 0.1
		case 1, 4:
			s.Sky, s.WritesOnly, s.Chance, s.Lag = Outage, false, 1, rng.IntN(4)
			if s.Kinds = lasting[rng.IntN(len(lasting)):][:1]; rng.IntN(5) > 0 {
				s.Kinds, turn = alone[turn%len(alone):][:1], turn+1
			}
		case 5:
			s.Sky, s.Chance = Calm, 0
		}
		at = s.End
		rotation = append(rotation, s)
	}
	return rotation
}

// single returns the kinds of which single requests fail, and those of them that
// few requests can meet.
func single(kinds []Kind) (passing, rare []Kind) {
	for _, k := range kinds {
		switch f := table()[k]; {
		case k == Unauthorized, f.onlyLasts:
		case f.fits != nil:
			rare = append(rare, k)
			fallthrough
		default:
			passing = append(passing, k)
		}
	}
	return passing, rare
}

// Lasting returns those of the kinds that outages go through, in their order.
func Lasting(kinds []Kind) (lasting []Kind) {
	faults := table()
	for _, alone := range []bool{true, false} {
		for _, k := range kinds {
			if f := faults[k]; k != Unauthorized && f.onlyLasts == alone && (alone || f.lasts) {
				lasting = append(lasting, k)
			}
		}
	}
	return lasting
}

func some(rng *rand.Rand, kinds []Kind, n int) (chosen []Kind) {
	for _, i := range rng.Perm(len(kinds))[:min(n, len(kinds))] {
		chosen = append(chosen, kinds[i])
	}
	return chosen
}
