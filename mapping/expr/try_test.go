package expr_test

import (
	"bufio"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/connectors/directory"
)

func TestTry(t *testing.T) {
	f, _ := os.Open("/tmp/try.txt")
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		p, err := expr.Compile(sc.Text())
		if err != nil {
			fmt.Println(sc.Text(), "=> COMPILE", err)
			continue
		}
		v, err := p.Eval(expr.Env{Now: time.Date(2025, 7, 30, 1, 2, 3, 0, time.UTC), Attributes: attributes{
			"l": directory.Strs("a", "b"), "emoji": directory.Str("a😀b"), "t": directory.Bool(true)}})
		fmt.Printf("%s => %q %v\n", sc.Text(), v.Text(), err)
	}
}
