using CardIssue.TerminalHost.Cli;

CommandRun.GuardThreads(Console.Error);
return await TerminalHostCommand.RunAsync(args, Console.Out, Console.Error);
