package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
	"letterbox/models"
	"letterbox/tracker"
)

func (p *program) userCommand() *cobra.Command {
	return group("user", "Add people, set passwords and roles",
		"  letterbox user add --login ada --name 'Ada Lovelace' --address ada@example.org --role admin --password-stdin < password.txt",
		p.userAddCommand(), p.userPasswordCommand(), p.userRoleCommand())
}

func (p *program) userAddCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "add --login LOGIN --name NAME --address ADDRESS --role admin|member|customer", Short: "Add a person",
		Long: `Add a person. Without --password-stdin the person cannot sign in until a password is set; a customer never signs in and
needs no login.`,
		Example: `  letterbox user add --login ada --name 'Ada Lovelace' --address ada@example.org --role member
  letterbox user add --login ada --name 'Ada Lovelace' --role admin --password-stdin < password.txt
  letterbox user add --name 'Karl Kunde' --address karl@kunde.example --role customer`,
		Args: cobra.NoArgs,
	}
	var d tracker.UserDraft
	c.Flags().StringVar(&d.Login, "login", "", "login name")
	c.Flags().StringVar(&d.Name, "name", "", "name as people read it")
	c.Flags().StringArrayVar(&d.Addresses, "address", nil, "mail address; may be given several times")
	role := c.Flags().String("role", "member", "admin, member or customer")
	fromStdin := passwordFlag(c)
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, _ []string) (err error) {
		d.Role = models.Role(*role)
		if *fromStdin {
			if d.Password, err = p.readPassword(); err != nil {
				return err
			}
		}
		u, err := a.Tracker.CreateUser(ctx, tracker.CommandLine(), d)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "user %d added\n", u.ID)
		return nil
	})
	return c
}

func (p *program) userPasswordCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "password LOGIN", Short: "Set a password and end all sessions of a person",
		Long: `Set a password and end all sessions of the person. Without --password-stdin a new password is made and printed alone
on stdout.`,
		Example: "  letterbox user password ada --password-stdin < password.txt\n  letterbox user password ada", Args: cobra.ExactArgs(1),
	}
	fromStdin := passwordFlag(c)
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		u, err := userByLogin(ctx, a, args[0])
		if err != nil {
			return err
		}
		password := rand.Text()
		if *fromStdin {
			if password, err = p.readPassword(); err != nil {
				return err
			}
		}
		if err := a.Tracker.SetPassword(ctx, tracker.CommandLine(), u.ID, password); err != nil {
			return err
		}
		if !*fromStdin {
			fmt.Fprintln(p.stdout, password)
		}
		return nil
	})
	return c
}

func (p *program) userRoleCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "role LOGIN admin|member|customer", Short: "Change what a person may do",
		Example: "  letterbox user role ada admin", Args: cobra.ExactArgs(2),
	}
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		u, err := userByLogin(ctx, a, args[0])
		if err != nil {
			return err
		}
		_, err = a.Tracker.SetRole(ctx, tracker.CommandLine(), u.ID, models.Role(args[1]))
		return err
	})
	return c
}

func passwordFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("password-stdin", false, "read the password from the first line of stdin")
}

func (p *program) readPassword() (string, error) {
	line, err := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("the first line of stdin is empty where the password is expected")
	}
	return line, nil
}

func userByLogin(ctx context.Context, a *app.App, login string) (models.User, error) {
	u, err := a.Tracker.UserByLogin(ctx, tracker.CommandLine(), login)
	if errors.Is(err, models.ErrNotFound) {
		return u, fmt.Errorf("there is no user with the login %q", login)
	}
	return u, err
}
