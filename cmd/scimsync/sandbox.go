package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

func (a *app) sandboxCommand() *cobra.Command {
	var listen, token, file string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "A small SCIM application to try things against, in memory",
		Long: `Sandbox is a SCIM 2.0 application with users and groups, kept in memory. It is
strict enough to teach and takes both of Entra's PATCH dialects. Its page shows
what it holds and which requests came in.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file != "" {
				content, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				if token = strings.TrimSpace(string(content)); token == "" {
					return fmt.Errorf("%s holds no token", file)
				}
			}
			return a.sandbox(cmd.Context(), listen, token)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8880", "the address to listen on")
	cmd.Flags().StringVar(&token, "token", "", "the bearer token to ask for; without one any request is let in")
	cmd.Flags().StringVar(&file, "token-file", "", "a file with the bearer token to ask for")
	cmd.MarkFlagsMutuallyExclusive("token", "token-file")
	return cmd
}

func (a *app) sandbox(ctx context.Context, listen, token string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w; --listen takes another address", listen, err)
	}
	server := &http.Server{
		Handler:           sandbox.New(sandbox.Options{Token: token, AllowAnonymous: token == ""}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	address := listener.Addr().String()
	if a.json() {
		if err := printJSON(a.stdout, map[string]string{"tenantURL": "http://" + address + "/scim/v2", "page": "http://" + address + "/"}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "Tenant URL  http://%s/scim/v2\nPage        http://%[1]s/\n", address)
		if token == "" {
			fmt.Fprintln(a.stdout, "Any token is accepted; --token asks for one.")
		}
	}
	defer context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ending)
	})()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
