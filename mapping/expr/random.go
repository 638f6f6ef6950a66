package expr

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
)

// The characters that Windows counts into its categories of passwords
// (Microsoft Learn, "Password must meet complexity requirements").
const (
	passwordDigits  = "0123456789"
	passwordSpecial = "'-!\"#$%&()*,./:;?@[]^_`{|}~+<=>\\"
	passwordCapital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	passwordLower   = "abcdefghijklmnopqrstuvwxyz"
)

// maxRandom is the length of the longest random string.
const maxRandom = 256

// draw returns random bytes, or an error of the source.
func (m *machine) draw(b []byte) error {
	source := m.env.Random
	if source == nil {
		source = rand.Reader
	}
	_, err := io.ReadFull(source, b)
	return err
}

// below returns a random number from 0 to n-1, each as likely as any other;
// n is 256 at most.
func (m *machine) below(n int) (int, error) {
	var b [1]byte
	const tries = 1000 // a source that is not random could go on for ever
	for range tries {
		if err := m.draw(b[:]); err != nil {
			return 0, err
		}
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n, nil
		}
	}
	return int(b[0]) % n, nil
}

func (c *callOp) noRandom(m *machine, err error) error {
	fault := m.fault(c.node.At, c, nil, "no random numbers to be had: %v", err)
	fault.Err = err
	return fault
}

// runGuid makes a random GUID (RFC 9562, version 4).
func runGuid(m *machine, c *callOp, _ []result) (result, error) {
	var b [16]byte
	if err := m.draw(b[:]); err != nil {
		return result{}, c.noRandom(m, err)
	}
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return text(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}

// randomFault says what is wrong with the numbers, and with which parameter.
func randomFault(n [5]int64) (i int, message string) {
	sum := int64(0)
	for i, v := range n {
		if v < 0 {
			return i, fmt.Sprintf("is %d, and must not be negative", v)
		}
		if i > 0 {
			sum += min(v, maxRandom+1)
		}
	}
	switch {
	case n[0] > maxRandom:
		return 0, fmt.Sprintf("is %d, and %d is the most", n[0], maxRandom)
	case sum > n[0]:
		return 0, fmt.Sprintf("is %d, and the minimums add up to %d", n[0], sum)
	}
	return 0, ""
}

func prepareRandomString(k *checker, c *callOp) {
	var n [5]int64
	for i := range n {
		v, ok := c.constant(i)
		if !ok {
			return
		}
		n[i], _ = v.Integer()
	}
	if i, message := randomFault(n); message != "" {
		k.argument(c, i, "%s", message)
	}
}

func runRandomString(m *machine, c *callOp, args []result) (result, error) {
	var n [5]int64
	for i := range n {
		n[i] = num(args, i, 0)
	}
	if i, message := randomFault(n); message != "" {
		return result{}, c.fault(m, i, "%s", message)
	}
	avoid := separators(str(args, 5))
	everything := ""
	s := make([]byte, 0, n[0])
	for i, set := range []string{passwordDigits, passwordSpecial, passwordCapital, passwordLower} {
		if avoid.set != "" {
			set = strings.Map(func(r rune) rune {
				if avoid.has(r) {
					return -1
				}
				return r
			}, set)
		}
		everything += set
		var err error
		if s, err = c.pick(m, s, set, int(n[i+1])); err != nil {
			return result{}, err
		}
	}
	s, err := c.pick(m, s, everything, int(n[0])-len(s))
	if err != nil {
		return result{}, err
	}
	for i := len(s) - 1; i > 0; i-- {
		j, err := m.below(i + 1)
		if err != nil {
			return result{}, c.noRandom(m, err)
		}
		s[i], s[j] = s[j], s[i]
	}
	return text(string(s)), nil
}

// pick appends count characters of set.
func (c *callOp) pick(m *machine, s []byte, set string, count int) ([]byte, error) {
	if count > 0 && set == "" {
		return s, c.fault(m, 5, "leaves no character of a kind that is asked for")
	}
	for range count {
		i, err := m.below(len(set))
		if err != nil {
			return s, c.noRandom(m, err)
		}
		s = append(s, set[i])
	}
	return s, nil
}
