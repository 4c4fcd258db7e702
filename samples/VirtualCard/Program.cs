using CardIssue.VirtualCard.Cli;

return await VirtualCardCommand.RunAsync(args, Console.Out, Console.Error);
