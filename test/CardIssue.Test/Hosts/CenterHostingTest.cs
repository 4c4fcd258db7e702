using CardIssue.Center.Hosting;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Transport.Loopback;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CardIssue.Test.Hosts;

/// <summary><see cref="CenterServiceCollectionExtensions"/> on a Generic Host.</summary>
[TestFixture]
public sealed class CenterHostingTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-hosting-").FullName;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task WrongOptions_HostStart_TellsAllOfThemAtOnce()
    {
        using var host = MakeHost(options =>
        {
            options.Host = "no name";
            options.FeedPause = TimeSpan.Zero;
            options.Store.MaxWaiting = 0;
            options.Sessions.MaxCards = 0;
        });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.That(error!.Failures, Has.Some.Contains("Host").And.Some.Contains("FeedPause").And.Some.Contains("MaxWaiting").And.Some.Contains("MaxCards"));
    }

    [Test]
    public async Task Center_HostStartsAndStops_ServesItsLinesAndLeavesACheckpoint()
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        FileKeyVault.Create(Path.Combine(_folder, "vault.json"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest).Dispose();
        await using var listener = new LoopbackListener(new LineNumber(1));
        var host = MakeHost(_ => { }, listener);
        await host.StartAsync();
        Assert.That(await host.Services.GetRequiredService<IOrderDesk>().CountAsync(), Is.Empty);
        Assert.That(host.Services.GetRequiredService<CenterServer>().Sessions, Is.Zero);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.That(Directory.EnumerateFiles(Path.Combine(_folder, "checkpoints")), Is.Not.Empty);
    }

    private IHost MakeHost(Action<CenterOptions> change, LoopbackListener? listener = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddCardIssueCenter(options =>
        {
            options.UseDirectory(_folder);
            options.Passphrase = () => SecretBytes.Copy("correct horse battery"u8);
            change(options);
        });
        if (listener is not null) builder.Services.AddCardIssueLine(_ => listener, withoutTls: true);
        builder.Services.AddCardIssueCenterService();
        return builder.Build();
    }
}
