using CardIssue.CenterHost.Cli;

CommandRun.GuardThreads(Console.Error);
return await CenterHostCommand.RunAsync(args, Console.Out, Console.Error);
