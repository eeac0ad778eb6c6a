package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
	"letterbox/tracker"
)

func (p *program) tokenCommand() *cobra.Command {
	return group("token", "Make tokens for the API", "  letterbox token create --user ada --name backup", p.tokenCreateCommand())
}

func (p *program) tokenCreateCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "create --user LOGIN [--name NAME]", Short: "Make a token and print it alone on stdout",
		Long:    "Make a token with which a program uses the API in the name of a person. It is printed once and never again.",
		Example: "  TOKEN=$(letterbox token create --user ada --name backup)\n  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/v1/issues", Args: cobra.NoArgs,
	}
	login := c.Flags().String("user", "", "login of the person")
	name := c.Flags().String("name", "command line", "what the token is for")
	if err := c.MarkFlagRequired("user"); err != nil {
		panic(err) // The flag was made above.
	}
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, _ []string) error {
		u, err := userByLogin(ctx, a, *login)
		if err != nil {
			return err
		}
		token, _, err := a.Tracker.CreateToken(ctx, tracker.CommandLine(), u.ID, *name)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, token)
		return nil
	})
	return c
}
