using CardIssue.TerminalHost.Cli;

return await TerminalHostCommand.RunAsync(args, Console.Out, Console.Error);
