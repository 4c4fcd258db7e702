using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;

namespace CardIssue.Test.EndToEnd;

/// <summary>What an admission (S210 to S310) asks of both ends besides the credential's signature.</summary>
[TestFixture]
public sealed class AdmissionTest
{
    /// <summary>It was let in before, could open no ticket, and had the cards barred that were put into it.</summary>
    [Test]
    public async Task AgreementKeyIsAnotherThanTheRegistrys_Refused_AndTheLogSaysWhichKey()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.StopTerminalAsync();
        var record = (await shop.Registry.GetAsync(Shop.TerminalName))!;
        await shop.Registry.PutAsync(record with { AgreementKey = record.CredentialKey });
        using var module = shop.Module.OpenModule();
        var (answer, line) = await AskAsync(shop, module, new Hello(1, 1, module.Identity.Id, module.BeginAdmission(), 8));
        await using (line) Assert.That(answer, Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        var refusing = (await shop.Log.ReadAsync(new LogQuery())).Last(row => row.Entry.Kind == "Refusing");
        Assert.That(refusing.Entry.Detail, Does.Contain("the credential fits, the agreement key does not"));
    }

    /// <summary>A terminal of a later minor version, and a center that was changed nowhere for it.</summary>
    [Test]
    public async Task HelloHasFieldsOfALaterVersion_LetIn_AndTheyAreSigned()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.StopTerminalAsync();
        using var module = shop.Module.OpenModule();
        var bytes = MessageCodec.Encode(new Hello(1, 1, module.Identity.Id, module.BeginAdmission(), 8));
        bytes[0] += 2;
        var later = (Hello)MessageCodec.Decode((byte[])[.. bytes, 0x09, 0x63, 0x6E, 0x65, 0x77, 0x18, 0x20, 0x82, 0x01, 0x02]).Message!;
        var (answer, line) = await AskAsync(shop, module, later);
        await using (line) Assert.That(answer, Is.InstanceOf<Admitted>());
    }

    private static async Task<(RelayMessage Answer, ILine Line)> AskAsync(Shop shop, SoftwareModule module, Hello hello)
    {
        var line = await shop.Listener.CreateConnector(System.Net.IPAddress.Loopback).ConnectAsync(default);
        await line.SendAsync(MessageCodec.BytesOf(hello).Memory, default);
        var challenge = await RawAccess.NextAsync(line);
        var transcript = new AdmissionTranscript
        {
            Hello = MessageCodec.BytesOf(hello), Challenge = MessageCodec.BytesOf(challenge), Center = shop.Vault.Identity.Id,
            TerminalCertificate = line.Peer.OwnCertificate, CenterCertificate = line.Peer.PeerCertificate,
        };
        Assert.That(module.ProveAdmission(transcript, out var proof), Is.EqualTo(ModuleRefusal.None));
        await line.SendAsync(MessageCodec.Encode(proof!), default);
        var answer = await RawAccess.NextAsync(line);
        if (answer is Admitted admitted) Assert.That(module.IsCenter(transcript, admitted), Is.True);
        return (answer, line);
    }
}
