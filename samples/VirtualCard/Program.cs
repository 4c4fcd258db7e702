using CardIssue.VirtualCard.Cli;

CommandRun.GuardThreads(Console.Error);
return await VirtualCardCommand.RunAsync(args, Console.Out, Console.Error);
