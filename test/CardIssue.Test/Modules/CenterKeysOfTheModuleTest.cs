using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Modules;

/// <summary>By which of its center's keys a module takes an admission, when it was told of next ones.</summary>
[TestFixture, Parallelizable, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterKeysOfTheModuleTest : IDisposable
{
    private readonly Counter _counter = new();

    public void Dispose() => _counter.Dispose();

    private ISecureModule Module => _counter.Module;

    [Test]
    public void Told_TriesTheNextFirst_FallsBackInTurn_AndNeverGoesBackOnceTheyAreProved()
    {
        var (old, next) = Change();
        Assert.That(Admit(old), Is.False, "the next ones were asked for, and who has the old ones alone says that he is the center");
        Assert.That(Admit(old), Is.True, "in turn");
        Assert.That(Admit(old), Is.False, "the next ones first, again");
        Assert.That(Admit(old), Is.True);
        Assert.That(Admit(next), Is.True);
        foreach (var time in Enumerable.Range(1, 3)) Assert.That(Admit(old), Is.False, $"a thief of the old keys, for the {time}. time");
        Assert.That(Admit(next), Is.True);
        Assert.That(Module.Center.SigningKey, Is.EqualTo(next.Identity.SigningKey));
    }

    /// <summary>A line that goes before anything was proved says nothing of the keys.</summary>
    [Test]
    public void LineGoneBeforeTheProof_TheNextOnesAreTriedAgain()
    {
        var (_, next) = Change();
        Module.BeginAdmission();
        Module.BeginAdmission();
        Assert.That(Admit(next), Is.True);
    }

    /// <summary>Keys of the line, codes and tickets belong to the admission's set; so does the results half.</summary>
    [Test]
    public void CodesLineKeysAndTheResultsHalf_AreBySetOfTheAdmission()
    {
        var (old, next) = Change();
        foreach (var (keys, other) in new[] { (next, old), (next, old) })
        {
            var data = _counter.Transcript(new Hello(1, 1, Module.Identity.Id, Module.BeginAdmission(LineHalf.Data), 8, LineHalf.Data), ByteString.Own(new byte[32]));
            Assert.That((Module.ProveAdmission(data, out var proof), keys.IsConfirmed(Module.Identity, data, proof!.Confirmation), other.IsConfirmed(Module.Identity, data, proof.Confirmation)),
                Is.EqualTo((ModuleRefusal.None, true, false)));
            Assert.That(Module.IsCenter(data, keys.Admit(Module.Identity, data, proof, default, ByteString.Own(new byte[16]))), Is.True);
            var half = _counter.Transcript(new Hello(1, 1, Module.Identity.Id, Module.BeginAdmission(LineHalf.Results), 8, LineHalf.Results), ByteString.Own(new byte[32]));
            Assert.That((Module.ProveAdmission(half, out var second), keys.IsConfirmed(Module.Identity, half, second!.Confirmation)), Is.EqualTo((ModuleRefusal.None, true)));
            Module.SealIssueCode(1, "A-17", "4711"u8, out var envelope);
            var context = new IssueCodeContext(data.Hash(), 1, "A-17");
            Assert.That((keys.TryOpenIssueCode(context, envelope, out var code), other.TryOpenIssueCode(context, envelope, out _)), Is.EqualTo((true, false)));
            code!.Dispose();
        }
    }

    private (ISessionKeys Old, ISessionKeys Next) Change()
    {
        var next = _counter.Vault.MakeNextKeys();
        _counter.Vault.FollowKeys(new CenterKeysStanding(new NamedKeys(next.Number, next.Sha256), null, 0, 0));
        var (later, old) = (_counter.Vault.SessionKeys[0], _counter.Vault.SessionKeys[1]);
        Assert.That(Module.KeepCenterKeys(old.SignNextKeys()), Is.True);
        return (old, later);
    }

    /// <summary>An admission that is answered with these keys, whatever the module asked for.</summary>
    private bool Admit(ISessionKeys keys)
    {
        var transcript = _counter.Transcript(Module, Module.BeginAdmission());
        Assert.That(Module.ProveAdmission(transcript, out var proof), Is.EqualTo(ModuleRefusal.None));
        return Module.IsCenter(transcript, keys.Admit(Module.Identity, transcript, proof!, default, default));
    }
}
