using CardIssue.Core.Cards;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Hosting;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards.Reading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NSubstitute;

namespace CardIssue.Test.Hosts;

public sealed class TerminalHostServicesTest
{
    [Test]
    public async Task AddCardIssueTerminal_InAHost_KeepsTheRelayAtWork()
    {
        await using var listener = new LoopbackListener(new LineNumber(3));
        using var host = Build(_ => { }, listener.CreateConnector());
        await host.StartAsync();
        await using var line = await listener.AcceptAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        Assert.That(host.Services.GetRequiredService<TerminalRelay>().HoldsNothing, Is.True);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Test]
    public async Task AddCardIssueTerminal_OptionOutOfRange_FailsTheStart()
    {
        await using var listener = new LoopbackListener(new LineNumber(3));
        var host = Build(options => options.Window = 0, listener.CreateConnector());
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.That(fault!.Message, Does.Contain("Window"));
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private static IHost Build(Action<TerminalRelayOptions> configure, ILineConnector connector)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        using var signing = P256PrivateKey.Generate();
        using var agreement = P256PrivateKey.Generate();
        var module = Substitute.For<ISecureModule>();
        module.Center.Returns(new CenterIdentity(new CenterId("c"), signing.PublicKey, agreement.PublicKey, ByteString.Empty));
        module.Identity.Returns(new TerminalIdentity(new TerminalId("t"), signing.PublicKey, agreement.PublicKey, 1, ByteString.Empty));
        module.BeginAdmission().Returns(ByteString.Own(new byte[32]));
        builder.Services.AddSingleton(module).AddSingleton(connector).AddSingleton<ICardReader>(new VirtualCardReader());
        builder.Services.AddCardIssueTerminal(configure);
        return builder.Build();
    }
}
