using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Terminal.Hosting;
using CardIssue.Terminal.Relay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CardIssue.Integrating;

/// <summary>A terminal in a Generic Host.</summary>
public static class HostedTerminal
{
    // guide: hosted terminal
    public static IHost Build(ILineConnector line, ICardReader reader, ISecureModule module, IReceiptPrinter printer)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(line).AddSingleton(reader).AddSingleton(module).AddSingleton(printer);
        builder.Services.AddCardIssueTerminal(options => options.SlowCard = TimeSpan.FromSeconds(30));
        return builder.Build();        // StartAsync brings the line up; TerminalRelay is a service from then on
    }
    // end
}
