from xml.etree import ElementTree

from self_verify_pose.models.kinematics.body import DATA_ROOT, read_body_json
from self_verify_pose.tools.study.human_urdf import human_urdf


def test_shipped_urdf_is_written_from_the_shipped_description():
    shipped = (DATA_ROOT / 'human.urdf').read_text()
    assert human_urdf(read_body_json()) == shipped


def test_every_link_but_the_root_is_the_child_of_one_joint():
    robot = ElementTree.fromstring(human_urdf(read_body_json()))
    links = [link.attrib['name'] for link in robot.iter('link')]
    children = [child.attrib['link'] for child in robot.iter('child')]
    assert sorted(children) == sorted(set(links) - {'pelvis'})
