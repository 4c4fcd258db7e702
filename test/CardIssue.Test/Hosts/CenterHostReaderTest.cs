using CardIssue.Center.Hosting;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost reader</c>: what an operator does about readers that a terminal asks for.</summary>
[Parallelizable]
public sealed class CenterHostReaderTest
{
    private readonly CenterHostProcess _host = new();
    private static readonly TerminalId Terminal = new("T-1");

    [OneTimeTearDown]
    public void Delete() => _host.Dispose();

    [Test]
    public async Task ReadersAreAskedFor_OperatorDecides_IsListedAndLogged()
    {
        using var key = P256PrivateKey.Generate();
        var point = key.PublicKey.Encoded;
        await _host.RunAsync("init", "--id", "main");
        await File.WriteAllBytesAsync(_host.File("terminal.json"), new TerminalIdentity(Terminal, key.PublicKey, key.PublicKey, 1, default).Write());
        // A serial line has no address.
        var added = await _host.RunAsync("terminal", "add", "--file", _host.File("terminal.json"), "--line", "3");
        Assert.That(added.Code, Is.Zero, added.ToString());
        Assert.That(added.Output, Does.Contain("from serial lines only"));
        await AskAsync(new EnrollReader("pcsc", "Gemalto", "Twin", "S1", "1.0", "usb-1", point), new EnrollReader("virtual"), new EnrollReader("serial", Serial: "S3"));

        var pending = (await _host.RunAsync("reader", "pending", "--json")).Json;
        Assert.That(pending.Select(r => r.GetProperty("kind").GetString()), Is.EqualTo(new[] { "pcsc", "virtual", "serial" }));
        Assert.That(pending[0].GetProperty("key").GetString(), Is.EqualTo(point.ToString()));
        Assert.That((await _host.RunAsync("reader", "pending")).Output, Does.Contain("serial not told: needs --let-in-without-identity").And.Contain("vendor not told"));

        var numbers = pending.Select(r => r.GetProperty("number").ToString()).ToArray();
        Assert.That((await _host.RunAsync("reader", "approve", numbers[0])).Code, Is.Zero);
        var withoutLeave = await _host.RunAsync("reader", "approve", numbers[1]);
        Assert.That(withoutLeave.Code, Is.EqualTo(2), withoutLeave.ToString());
        Assert.That(withoutLeave.Error, Does.Contain("--let-in-without-identity"));
        Assert.That((await _host.RunAsync("reader", "approve", numbers[1], "--let-in-without-identity", "--note", "training room")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("reader", "decline", numbers[2], "--note", "not ours")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("reader", "approve", "999")).Code, Is.EqualTo(2));

        Assert.That((await _host.RunAsync("reader", "pending")).Output, Does.Contain("No reader waits"));
        Assert.That((await _host.RunAsync("reader", "pending", "--all", "--json")).Json.Single().GetProperty("note").GetString(), Is.EqualTo("not ours"));
        var readers = (await _host.RunAsync("reader", "list", "--terminal", "T-1", "--json")).Json;
        Assert.That(readers.Select(r => (r.GetProperty("kind").GetString(), r.GetProperty("letInWithoutIdentity").GetBoolean())), Is.EqualTo(new[] { ("pcsc", false), ("virtual", true) }));
        Assert.That((await _host.RunAsync("log", "show")).Output, Does.Contain("ReaderApproved").And.Contain("training room").And.Contain("ReaderDeclined"));
        Assert.That((await _host.RunAsync("reader", "remove", "--terminal", "T-1", "--without-identity")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("reader", "add", "--terminal", "T-1", "--kind", "pcsc", "--serial", "S9", "--key", "04AB")).Code, Is.EqualTo(2));
    }

    /// <summary>As a session would for a terminal.</summary>
    private async Task AskAsync(params EnrollReader[] readers)
    {
        var services = new ServiceCollection();
        services.AddCardIssueCenter(options =>
        {
            options.UseDirectory(_host.Data);
            options.Passphrase = () => SecretBytes.Copy("correct horse battery"u8);
        });
        await using var center = services.BuildServiceProvider();
        var registry = center.GetRequiredService<ITerminalRegistry>();
        foreach (var reader in readers) Assert.That(await registry.AskForReaderAsync(Terminal, reader), Is.EqualTo(ReaderRequestAnswer.Kept));
    }
}
