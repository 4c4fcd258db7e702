using System.Net;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost.Cli;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Transport;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Hosts;

/// <summary><c>terminalhost enroll</c> and <c>module rotate</c> against a center over TLS: interrupted, on a disk that takes nothing, and
/// done.</summary>
[TestFixture, Parallelizable]
public sealed class TerminalHostEnrollTest
{
    private string _folder = null!;

    [SetUp]
    public void Make()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-enroll-").FullName;
        File.WriteAllText(Path.Combine(_folder, "pass"), "heron-on-a-grey-morning\n");
    }

    [TearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Interrupted_ThenNothingCanBeWritten_ThenAgain_OneTerminalWithTheFirstKeys_AndItRotatesThem()
    {
        using var certificate = Lines.Certificate("center");
        Shop? shop = null;
        var (held, arrived) = (new TaskCompletionSource(), new TaskCompletionSource());
        var listener = new TlsLineListener(new LineNumber(7), new IPEndPoint(IPAddress.Loopback, 0), certificate,
            async (peer, cancellation) =>
        {
            arrived.TrySetResult();
            await held.Task.WaitAsync(cancellation);
            return await new TerminalDoor(shop!.Registry, shop.Services.Admissions).KnowsAsync(peer, cancellation);
        });
        await using var opened = shop = await Shop.OpenAsync(line: ShopLine.Loopback(7) with { Served = new(listener) });
        using (var pfx = TlsCertificates.ToPfx(certificate, [])) shop.Vault.UseTlsServer(pfx.Span, TlsCertificates.Sha256(certificate));
        using var code = EnrolmentCode.Create(new TerminalId("shop-7"));
        await shop.Registry.InviteAsync(
            new TerminalInvitation(code.Terminal, [new LineNumber(7)], [IPNetwork.Parse("127.0.0.1/32")],
                shop.Vault.CreateEnrolmentVerifier(code), DateTimeOffset.UtcNow.AddHours(1)),
            TestPeople.Of(shop.Database));
        string[] enroll = ["enroll", "--center", $"127.0.0.1:{listener.LocalEndPoint.Port}", "--code", code.Show(), "--passphrase-file",
            "pass"];

        using (var interrupt = new CancellationTokenSource())
        {
            var running = RunAsync(enroll, interrupt.Token);
            await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
            await interrupt.CancelAsync();
            Assert.That((await running).Code, Is.EqualTo(5));
        }
        Assert.That((Exists("module.json"), Exists("module.json.enrolling"), await shop.Registry.GetAsync(code.Terminal)),
            Is.EqualTo((false, true, (TerminalRecord?)null)));

        held.SetResult();
        Directory.CreateDirectory(Path.Combine(_folder, "terminal", "center.json"));
        Assert.That((await RunAsync(enroll)).Code, Is.EqualTo(3), "where center.json belongs nothing can be written");
        Assert.That((Exists("module.json"), Exists("module.json.enrolling")), Is.EqualTo((false, true)));
        var known = (await shop.Registry.GetAsync(code.Terminal))!;

        Directory.Delete(Path.Combine(_folder, "terminal", "center.json"));
        var run = await RunAsync(enroll);
        Assert.That((run.Code, run.Error), Is.EqualTo((0, "")));
        Assert.That((Exists("module.json"), Exists("module.json.enrolling")), Is.EqualTo((true, false)));
        Assert.That(await shop.Registry.GetAsync(code.Terminal), Is.EqualTo(known), "the keys of the first try");
        Assert.That(run.Output, Does.Not.Contain(code.Show()[7..]));
        Assert.That((await RunAsync(enroll)).Code, Is.EqualTo(3), "it is a terminal now");

        await AdmittedAsync(shop, listener, 1);
        run = await RunAsync(["module", "rotate", "--connect", enroll[2], "--passphrase-file", "pass"]);
        Assert.That((run.Code, run.Error), Is.EqualTo((0, "")));
        await AdmittedAsync(shop, listener, 2);
        Assert.That((await shop.Registry.GetAsync(code.Terminal))!.CredentialKey, Is.Not.EqualTo(known.CredentialKey));
    }

    [Test]
    public async Task CodeWithASlip_IsToldBeforeAnythingIsMade()
    {
        using var code = EnrolmentCode.Create(new TerminalId("shop-7"));
        var shown = code.Show();
        var run = await RunAsync(["enroll", "--center", "127.0.0.1:1", "--code", shown[..^1] + (shown[^1] == '7' ? '8' : '7'),
            "--passphrase-file", "pass"]);
        Assert.That((run.Code, Directory.Exists(Path.Combine(_folder, "terminal"))), Is.EqualTo((2, false)));
        Assert.That(run.Error, Does.Contain("a character of the enrolment code is wrong").And.Not.Contain(shown[^9..^1]));
    }

    private async Task AdmittedAsync(Shop shop, TlsLineListener listener, int version)
    {
        using var passphrase = SecretBytes.Copy("heron-on-a-grey-morning"u8);
        using var file = SoftwareModuleFile.Open(Path.Combine(_folder, "terminal", "module.json"), passphrase);
        Assert.That(file.Identity.KeyVersion, Is.EqualTo(version));
        using var module = file.OpenModule();
        using var own = TlsCertificates.FromPfx(file.TlsClient, []);
        await using var line = await new TlsLineConnector("127.0.0.1", listener.LocalEndPoint.Port, own,
            TlsTrust.Pinned(file.Center!.TlsCertificate)).ConnectAsync(default);
        Assert.That(await RawAccess.AskAsync(line, module, shop.Vault.Identity.Id, new LineNumber(7)), Is.InstanceOf<Admitted>());
    }

    private bool Exists(string name) => File.Exists(Path.Combine(_folder, "terminal", name));

    private async Task<(int Code, string Output, string Error)> RunAsync(string[] args, CancellationToken cancellation = default)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] all = [.. args[..^1], Path.Combine(_folder, args[^1]), "--data", Path.Combine(_folder, "terminal")];
        var code = await TerminalHostCommand.RunAsync(all, output, error, _folder, cancellation);
        return (code, output.ToString(), error.ToString());
    }
}
