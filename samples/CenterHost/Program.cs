using CardIssue.CenterHost.Cli;

return await CenterHostCommand.RunAsync(args, Console.Out, Console.Error);
