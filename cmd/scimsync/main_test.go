package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"scimsync": main})
}

// TestScripts runs testdata/script/*.txtar: each command of the program as a
// person would use it. Besides testscript's own commands there are
//
//	freeport NAME          sets NAME to a free port of the loopback interface
//	await ADDRESS          waits until something listens there
//	get URL [TOKEN]        prints what is there, JSON indented
//	replace FILE OLD NEW   replaces text in a file, environment variables in NEW expanded
//	until FILE TEXT        waits until the file holds the text
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": scriptFreePort, "await": scriptAwait, "get": scriptGet, "replace": scriptReplace, "until": scriptUntil,
		},
	})
}

func scriptFreePort(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Check(listener.Close())
	ts.Setenv(args[0], port)
}

func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(await(args[0]))
}

// await returns once something listens at the address.
func await(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nothing listens at %s: %w", address, err)
		case <-tick.C:
		}
	}
}

func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	token := ""
	if len(args) > 1 {
		token = args[1]
	}
	status, body, err := get(args[0], token)
	ts.Check(err)
	if ok := status < 300; ok == neg {
		ts.Fatalf("%s: %d\n%s", args[0], status, body)
	}
	fmt.Fprintln(ts.Stdout(), body)
}

func get(url, token string) (status int, body string, err error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", err
	}
	var indented bytes.Buffer
	if json.Indent(&indented, content, "", "  ") == nil {
		content = indented.Bytes()
	}
	return response.StatusCode, string(content), nil
}

func scriptReplace(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	content, err := os.ReadFile(file)
	ts.Check(err)
	if !strings.Contains(string(content), args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(file, []byte(strings.ReplaceAll(string(content), args[1], args[2])), 0o600))
}

func scriptUntil(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(60 * time.Second)
	for {
		content, _ := os.ReadFile(ts.MkAbs(args[0]))
		if strings.Contains(string(content), args[1]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s never held %q:\n%s", args[0], args[1], content)
		}
		time.Sleep(20 * time.Millisecond) // polling a file of another process
	}
}
